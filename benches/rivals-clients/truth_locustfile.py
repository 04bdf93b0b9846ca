"""Asks for one page again and again: at once, or PER_USER times a second."""

import os

from locust import FastHttpUser, HttpUser, constant, constant_throughput, task

per_user = os.environ.get("PER_USER")
wait = constant_throughput(float(per_user)) if per_user else constant(0)


class Http(HttpUser):
    wait_time = wait

    @task
    def ask(self):
        self.client.get("/")


class Fast(FastHttpUser):
    wait_time = wait

    @task
    def ask(self):
        self.client.get("/")
