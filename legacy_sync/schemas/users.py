"""Inputs about users."""

from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from legacy_sync.models import MAX_ID, Role
from legacy_sync.schemas.fields import (
    Email,
    Id,
    InputModel,
    Keyword,
    PageNumber,
    PageSize,
    Username,
    refuse_nul,
    refuse_null,
    require_change,
)

Balance = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]
NewPassword = Annotated[str, StringConstraints(min_length=8, max_length=128), AfterValidator(refuse_nul)]


class SignUp(InputModel):
    """A new account, as anybody may make one for themselves: a member without balance."""

    username: Username
    email: Email
    password: NewPassword = Field(repr=False)


class UserCreate(SignUp):
    """A new account, as an admin may make one for somebody else."""

    role: Role = Role.MEMBER
    balance: Balance = Decimal(0)


class UserBatch(InputModel):
    """New accounts to be created together or not at all."""

    users: list[UserCreate] = Field(min_length=1, max_length=100)


class UserUpdate(InputModel):
    """Changes to the account the client read as ``version``; fields left out stay as they are."""

    version: Id
    email: Email | None = None
    role: Role | None = None
    is_active: bool | None = None
    balance: Balance | None = None

    _not_null = field_validator("email", "role", "is_active", "balance", mode="before")(refuse_null)

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        require_change(self.changes())
        return self

    def changes(self) -> dict[str, Any]:
        """Return the new values by column name."""
        return self.model_dump(exclude_unset=True, exclude={"version"})


class UserIds(InputModel):
    """Accounts by id; ids that do not exist are ignored."""

    ids: list[Id] = Field(min_length=1, max_length=1000)


class UserSearch(InputModel):
    """Filter and page of the user list; ``keyword`` is a literal part of the username or email."""

    keyword: Keyword = ""
    page: PageNumber = 1
    size: PageSize = 20


class StatsQuery(InputModel):
    """Filter of the user statistics."""

    min_posts: Annotated[int, Field(ge=0, le=MAX_ID)] = 0
    limit: PageSize = 20
