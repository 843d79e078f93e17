"""People to sign in as: one user per role and more where a rule needs two."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from tools.local_stack.checkout import aws_session

# The stack listens on 127.0.0.1 only and forgets everything when it stops: nothing here to protect.
PASSWORD = "Local-desk-2026"


@dataclass(frozen=True)
class User:
    role: str
    group: str
    party_id: str
    password: str = PASSWORD

    @property
    def username(self) -> str:
        return f"{self.party_id}@example.com"


USERS = (
    User("buyer", "buyers", "buyer-1"),
    User("buyer", "buyers", "buyer-2"),
    User("seller", "sellers", "seller-1"),
    User("seller", "sellers", "seller-2"),
    # An appeal goes to another person than the first decision.
    User("reviewer", "reviewers", "reviewer-1"),
    User("reviewer", "reviewers", "reviewer-2"),
    User("platform", "platform", "platform-1"),
    User("operator", "operators", "operator-1"),
)


def create_users(endpoint_url: str, user_pool_id: str) -> None:
    """Every user with a permanent password, in its group; those who exist stay as they are."""
    cognito = aws_session().client("cognito-idp", endpoint_url=endpoint_url)
    pages = cognito.get_paginator("list_users").paginate(UserPoolId=user_pool_id)
    existing = {
        attribute["Value"]
        for page in pages
        for user in page["Users"]
        for attribute in user["Attributes"]
        if attribute["Name"] == "email"
    }
    for user in USERS:
        if user.username in existing:
            continue
        cognito.admin_create_user(
            UserPoolId=user_pool_id,
            Username=user.username,
            MessageAction="SUPPRESS",
            UserAttributes=[
                {"Name": "email", "Value": user.username},
                {"Name": "email_verified", "Value": "true"},
                {"Name": "custom:party_id", "Value": user.party_id},
            ],
        )
        cognito.admin_add_user_to_group(UserPoolId=user_pool_id, Username=user.username, GroupName=user.group)
        cognito.admin_set_user_password(
            UserPoolId=user_pool_id, Username=user.username, Password=user.password, Permanent=True
        )


def as_listed() -> Iterator[dict[str, str]]:
    """The users as `.local/stack.json` names them."""
    for user in USERS:
        yield {"username": user.username, **asdict(user)}
