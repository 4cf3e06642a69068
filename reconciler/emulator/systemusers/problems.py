"""The problems of the customers' side: each code with its status and title (System users contract §10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.emulator.dotnet.answers import answer_problem

if TYPE_CHECKING:
    from starlette.responses import Response

    from reconciler.emulator.dotnet.answers import Shape

_DELEGATION = "DelegationCheck failed with error: "
PROBLEMS: dict[int, tuple[int, str]] = {
    0: (400, "Can't resolve the Organisation Number from the logged in Reportee PartyId."),
    1: (400, "One or more Right not found or not delegable."),
    2: (400, "The Delegation failed."),
    4: (400, "Failed to create new SystemUser, existing SystemUser tied to the given System-Id."),
    6: (400, "The combination of External Ids refer to an already Accepted SystemUser."),
    7: (400, "The combination of External Ids refer to a Pending Request, please reuse or delete."),
    8: (
        400,
        "The combination of External Ids refer to a Denied Request, please delete and renew the Request.",
    ),
    9: (
        400,
        "The combination of External Ids refer to a Rejected Request, please delete and renew the Request.",
    ),
    10: (404, "The Id does not refer to a Request in our system."),
    11: (404, "The Id does not refer to a Registered System."),
    13: (409, "The Status of the Request is not New."),
    14: (403, "DelegationCheck failed with unknown error."),
    15: (404, "The SystemUser was not found."),
    16: (403, f"{_DELEGATION}Has not access by a delegation of role in ER or Altinn."),
    18: (403, f"{_DELEGATION}Has not access by direct delegation."),
    19: (403, f"{_DELEGATION}The service requires explicit access in SRR and the reportee is missing this."),
    20: (
        403,
        f"{_DELEGATION}The service requires explicit authentication level and the reportee is missing this.",
    ),
    21: (400, "The RedirectUri was not found or not valid."),
    22: (400, "The operation to revoke rights failed."),
    23: (401, "Can't resolve the Organisation Number for the Vendor from the Token."),
    24: (403, "you don't have rights to delete this systemuser"),
    26: (400, "No redirect uris are set for the system"),
    30: (404, "The Id does not refer to an AgentRequest in our system."),
    34: (400, "The system user type of the provided system user GUID is not an agent."),
    36: (400, "The system user type of the provided system user GUID is not standard."),
    41: (403, "Party does not match request's orgno"),
    42: (403, "Party does not match agent request's orgno"),
    48: (400, "Unable to push system user information to access management"),
    49: (400, "The party is missing its uuid."),
    50: (400, "The delegation check failed for access packages"),
    51: (400, "The delegation of access package to the system user failed"),
    52: (400, "One or more access packages are invalid"),
    53: (400, "The user does not have enough access to delegate the requested access packages"),
    55: (500, "Failed to get delegated access packages"),
    57: (400, "Failed to delete access package delegation for system user"),
    58: (400, "No AccessPackages found, an Agent SystemUser must have at least one"),
    59: (400, "No AccessPackages or Single Rights found, a SystemUser must have at least one"),
    61: (
        409,
        "The Status of the Request is not New. Please generate a new CorrellationId for a new Change Request",
    ),
    63: (400, "One or more accesspackage is not found in the referenced system in the System Register."),
    64: (
        400,
        (
            "One or more access packages cannot be delegated. Either they are intended for clients or they cannot be "
            "delegated further."
        ),
    ),
    65: (
        400,
        "One or more access packages cannot be delegated because they are not intended for client relationships",
    ),
    66: (403, "The request requires logged in user to have accessmanager write."),
    68: (403, f"{_DELEGATION}Has not access by a delegation of package in Altinn."),
    69: (403, f"{_DELEGATION}The receiver does not have the right based on Access List delegation."),
    70: (403, f"{_DELEGATION}The resource cannot be delegated to another user or entity."),
    71: (
        403,
        f"{_DELEGATION}The resource is not delegable because it is a Maskinporten schema resource.",
    ),
    79: (400, "Client not found."),
    80: (400, "Client does not have the accesspackages the agent system user requires"),
}
"""The numbers behind `AUTH-`."""


@dataclass(eq=False)
class Refusal(Exception):
    """The service refuses with a code and, for some codes, further members."""

    number: int
    members: dict[str, object] | None = None

    def answer(self, shape: Shape) -> Response:
        """Answer B-PROB."""
        status, title = PROBLEMS[self.number]
        return answer_problem(f"AUTH-{self.number:05}", title, status, shape, self.members)
