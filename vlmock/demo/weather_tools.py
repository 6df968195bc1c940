"""What the model may call in the demo: ``vlclient chat --tools weather_tools.py``."""

from typing import Any


def get_weather(location: str) -> dict[str, Any]:
    """Look up the weather in a city.

    Args:
        location: Name of the city.
    """
    return {"location": location, "weather": "sunny", "temp_c": 21}
