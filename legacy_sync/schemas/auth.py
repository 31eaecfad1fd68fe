"""Input of the login."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from legacy_sync.schemas.fields import InputModel, refuse_nul


class Login(InputModel):
    """Credentials; deliberately looser than the rules for new accounts."""

    username: Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(refuse_nul)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=128), AfterValidator(refuse_nul)] = Field(
        repr=False
    )
