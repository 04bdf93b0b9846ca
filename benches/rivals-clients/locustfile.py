"""The benchmark's user for Locust. Prints the CPU seconds between "all users are up" and the end as `cpu_seconds N`."""

import os

from locust import FastHttpUser, HttpUser, events

cpu = {}


def used():
    times = os.times()
    return times.user + times.system


@events.spawning_complete.add_listener
def spawned(**_):
    cpu.setdefault("from", used())


@events.test_stopping.add_listener
def stopping(**_):
    print("cpu_seconds", used() - cpu.get("from", 0), flush=True)


def thing(user):
    user.client.get("/things/17", name="/things/[id]")


def other(user):
    user.client.get("/others/4", name="/others/[id]")


class Http(HttpUser):
    tasks = {thing: 3, other: 1}

    def on_start(self):
        self.client.verify = False


class Fast(FastHttpUser):
    tasks = {thing: 3, other: 1}
    insecure = True
