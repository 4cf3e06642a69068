"""The System Register: V1 to V8 and P1 to P4, with their checks, database and transactions.

`endpoints` answers requests; `body_binding` and `model_validation` read bodies; `claims` and `bearer` read tokens;
`validations` and `database` check what is written; `store` holds it. Each module names its section of the System
Register contract.
"""
