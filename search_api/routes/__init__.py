"""HTTP in and out: what a request says, which service answers, how the answer is encoded. No decisions."""
