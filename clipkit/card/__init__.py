"""One model from all sides on one page, alone or against another."""
