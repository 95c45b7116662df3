"""Pure decisions of scoring: what the accepted facts are worth, to the integer (methodology §0 to §1)."""
