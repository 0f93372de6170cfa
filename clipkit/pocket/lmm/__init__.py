"""The pocket LMM: a small language model that sees through a frozen pocket tower, and how it is trained."""
