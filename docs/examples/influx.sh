#!/bin/sh
# Counts of all devices into InfluxDB without Telegraf: influx.sh BROKER http://127.0.0.1:8086
# Needs mosquitto-clients, jq and curl.
mosquitto_sub -h "$1" -t 'lipwire/+/counts' -F '%j' |
    jq --unbuffered -r '(.topic | split("/")[-2]) as $device | .payload | if type == "string" then fromjson else . end
        | "lipwire,device=\($device) smiles=\(.smiles_total)i,visitors=\(.visitors_total)i,smile_seconds=\(.smile_seconds_total)"' |
    while read -r line; do curl -sS -XPOST "$2/write?db=lipwire" --data-binary "$line"; done
