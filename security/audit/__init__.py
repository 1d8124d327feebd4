"""The audit log: a Merkle tree over who read what and why, with signed checkpoints that anyone can verify offline."""
