"""Who may read what, under which key: keys, sealing, search tokens, policy, audit, vault."""
