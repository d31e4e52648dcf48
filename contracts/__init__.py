"""What was agreed: parties, contract documents and their versions. Nothing here knows what was delivered."""
