"""The local mesh: an AWS emulator with IAM enforced, the same templates deployed into it by the same `sam deploy`."""
