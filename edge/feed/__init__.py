"""The feed: what is told to an MQTT broker, and what is asked of the daemon through one."""
