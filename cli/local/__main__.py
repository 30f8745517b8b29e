"""The local AWS. A module of its own, for the processes that functions are forked off import none of the emulator."""

if __name__ == "__main__":
    from cli.local import emulator

    emulator.main()
