"""A recording's client played to the emulator, in virtual time: what would the emulator have said?"""
