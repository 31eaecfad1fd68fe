"""Operations ported to `AsyncSession`."""
