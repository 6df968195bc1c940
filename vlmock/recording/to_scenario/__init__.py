"""From a recording to a scenario that plays the same conversation, and that a person can edit."""

from vlmock.recording.to_scenario.writing import WrittenScenario, scenario_of, write_scenario

__all__ = ["WrittenScenario", "scenario_of", "write_scenario"]
