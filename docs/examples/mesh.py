"""Prints what a mesh gets: python mesh.py [PORT]"""

import sys

from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer

pose = {}
dispatcher = Dispatcher()
dispatcher.map("/VMC/Ext/Blend/Val", lambda address, name, value: pose.update({name: value}))
dispatcher.map(
    "/VMC/Ext/Blend/Apply",
    lambda address: print(*(f"{name} {value:.2f}" for name, value in pose.items()), flush=True),
)
port = int(sys.argv[1]) if len(sys.argv) > 1 else 39540
BlockingOSCUDPServer(("0.0.0.0", port), dispatcher).serve_forever()
