"""What is shown of a watched video: the model that names events, spotting measured, the ledger's figures and tables."""
