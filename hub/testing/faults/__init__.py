# SPDX-License-Identifier: Apache-2.0
"""The fault lab: real deployments are killed, cut off, lied to and hurried, and an oracle counts what that cost.

`oracle` judges, `reading` collects what it judges by, `ground` is one deployment with its vendor, `process` and
`probes` break hub processes from outside their code; the other rooms are the faults, `catalogue` lists them.
"""
