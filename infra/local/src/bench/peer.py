"""A minimal bot in Python, for comparison: takes a media stream and listens for a voice. Neither recognises nor speaks."""

import audioop
import base64

import webrtcvad
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()


@app.put("/calls/{call}")
def opened(call: str):
    return {"call": call}


@app.websocket("/media/{call}/{ticket}")
async def media(socket: WebSocket, call: str, ticket: str):
    await socket.accept()
    vad, said, silence = webrtcvad.Vad(2), bytearray(), 0
    try:
        while True:
            message = await socket.receive_json()
            if message["event"] != "media":
                continue
            sound = audioop.ulaw2lin(base64.b64decode(message["media"]["payload"]), 2)
            if vad.is_speech(sound, 8000):
                said += sound
                silence = 0
            else:
                silence += 1
    except WebSocketDisconnect:
        pass
