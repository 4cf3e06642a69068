"""The three things of the customers' side: requests, change requests and system users, with the API's member names.

System users contract §5: members in the API's order, nulls left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Json: TypeAlias = "dict[str, object]"
UserType = Literal["standard", "agent"]
NEW, ACCEPTED, REJECTED = "New", "Accepted", "Rejected"


@dataclass(frozen=True, slots=True)
class SystemUser:
    """One system user."""

    id: str
    systemId: str
    reporteeOrgNo: str
    supplierOrgno: str
    externalRef: str
    integrationTitle: str = ""
    productName: str = ""
    created: str = "2025-01-01T00:00:00Z"
    isDeleted: bool = False
    supplierName: str = ""
    userType: str = "standard"
    rights: list[Json] = field(default_factory=list)
    """The rights that were delegated; the API does not show them."""
    accessPackages: list[Json] = field(default_factory=list)
    clients: list[str] = field(default_factory=list)
    """For an agent, the organisations that it acts for."""

    def write(self) -> Json:
        """Give the system user as the vendor's routes show it."""
        return {
            "id": self.id,
            "integrationTitle": self.integrationTitle,
            "systemId": self.systemId,
            "productName": self.productName,
            "reporteeOrgNo": self.reporteeOrgNo,
            "created": self.created,
            "isDeleted": self.isDeleted,
            "supplierName": self.supplierName,
            "supplierOrgno": self.supplierOrgno,
            "externalRef": self.externalRef,
            "userType": self.userType,
        }


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """One request for a system user; agent requests have no rights."""

    id: str
    type: UserType
    systemId: str
    partyOrgNo: str
    externalRef: str
    integrationTitle: str
    created: str
    rights: list[Json] = field(default_factory=list)
    accessPackages: list[Json] = field(default_factory=list)
    status: str = NEW
    redirectUrl: str | None = None
    escalated: bool = False
    isDeleted: bool = False

    @property
    def is_agent(self) -> bool:
        """Whether it asks for an agent."""
        return self.type == "agent"

    def write(self, confirm_url: str | None, *, escalated: bool, timed_out: bool) -> Json:
        """Give the request; lists have no `confirmUrl`."""
        return {
            "id": self.id,
            "integrationTitle": self.integrationTitle,
            "externalRef": self.externalRef,
            "systemId": self.systemId,
            "partyOrgNo": self.partyOrgNo,
            **({} if self.is_agent else {"rights": self.rights}),
            "accessPackages": self.accessPackages,
            "status": self.status,
            **({} if self.redirectUrl is None else {"redirectUrl": self.redirectUrl}),
            **({} if confirm_url is None else {"confirmUrl": confirm_url}),
            "escalated": escalated,
            "created": self.created,
            "timedOut": timed_out,
        }


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """One change request; its id is the vendor's correlation id."""

    id: str
    systemUserId: str
    systemId: str
    partyOrgNo: str
    externalRef: str
    created: str
    requiredRights: list[Json] = field(default_factory=list)
    unwantedRights: list[Json] = field(default_factory=list)
    requiredAccessPackages: list[Json] = field(default_factory=list)
    unwantedAccessPackages: list[Json] = field(default_factory=list)
    status: str = NEW
    redirectUrl: str | None = None
    isDeleted: bool = False

    def write(self, confirm_url: str | None, *, timed_out: bool, with_packages: bool = True) -> Json:
        """Give the change request; one route leaves the packages out."""
        return {
            "id": self.id,
            "externalRef": self.externalRef,
            "systemId": self.systemId,
            "systemUserId": self.systemUserId,
            "partyOrgNo": self.partyOrgNo,
            "requiredRights": self.requiredRights,
            "unwantedRights": self.unwantedRights,
            "requiredAccessPackages": self.requiredAccessPackages if with_packages else [],
            "unwantedAccessPackages": self.unwantedAccessPackages if with_packages else [],
            "status": self.status,
            **({} if self.redirectUrl is None else {"redirectUrl": self.redirectUrl}),
            **({} if confirm_url is None else {"confirmUrl": confirm_url}),
            "created": self.created,
            "timedOut": timed_out,
        }
