"""Prints every smile once, whatever happened on the way: python consumer.py BROKER[:PORT]"""

import collections
import json
import sys

from paho.mqtt.client import CallbackAPIVersion, Client

seen = collections.deque(maxlen=1000)  # after a crash or a cut line an event may come again


def on_message(client, userdata, message):
    event = json.loads(message.payload)
    if event["id"] not in seen:
        seen.append(event["id"])
        print(event["seq"], event["event_type"], event["at"], "late" if "late" in event else "")


host, _, port = sys.argv[1].partition(":")
client = Client(CallbackAPIVersion.VERSION2, "my-consumer", clean_session=False)
client.on_connect = lambda *_: client.subscribe("lipwire/+/event/smile", qos=1)
client.on_message = on_message
client.connect(host, int(port or 1883))
client.loop_forever()
