"""The ``my_agent`` of the README: the smallest agent that asks for the weather and answers the function call."""

import json

from websockets.asyncio.client import connect

CALL_OUTPUT = json.dumps({"weather": "sunny", "temp_c": 21})


async def run(endpoint: str, api_key: str) -> None:
    url = endpoint.replace("http", "ws", 1) + "/voice-live/realtime?api-version=2026-04-10&model=gpt-4.1"
    async with connect(url, additional_headers={"api-key": api_key}) as socket:

        async def send(**event: object) -> None:
            await socket.send(json.dumps(event))

        part = {"type": "input_text", "text": "What is the weather in Beijing?"}
        await send(type="conversation.item.create", item={"type": "message", "role": "user", "content": [part]})
        await send(type="response.create")
        async for frame in socket:
            event = json.loads(frame)
            if event["type"] != "response.done":
                continue
            calls = [item for item in event["response"]["output"] if item["type"] == "function_call"]
            if not calls:
                return
            for call in calls:
                output = {"type": "function_call_output", "call_id": call["call_id"], "output": CALL_OUTPUT}
                await send(type="conversation.item.create", item=output)
            await send(type="response.create")
