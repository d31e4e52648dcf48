"""What a contract's components entitle to: pure functions from agreement and facts to entitlements with their reasons.

No database, clock or file is in reach here.
"""
