"""Speed, measured side by side: peers in one run, interleaved, medians."""
