"""What a contract is made of: one module for each kind of component, saying what its document may hold."""
