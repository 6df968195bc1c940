"""The program: a conversation that a person has with the service, through microphone and loudspeaker."""
