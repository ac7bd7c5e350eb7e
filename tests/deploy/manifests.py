"""What Kustomize and Helm make of deploy/, and what must hold of it: `faults(documents)`."""

import functools
import json
import pathlib
import re

import jsonschema
import yaml

from deploy.tools import BIN, run
from peers.place import ROOT

CHART = ROOT / "deploy" / "helm" / "tributary"
KUSTOMIZE = ROOT / "deploy" / "kubernetes"
VALUES = pathlib.Path(__file__).with_name("values")
SECRETS = "/run/secrets/tributary/"
#: of the Prometheus Operator: what is used of its ServiceMonitor, as its definition has it; the cluster has the rest
SERVICE_MONITOR = {
    "type": "object", "required": ["apiVersion", "kind", "metadata", "spec"], "additionalProperties": False,
    "properties": {
        "apiVersion": {"const": "monitoring.coreos.com/v1"}, "kind": {"const": "ServiceMonitor"}, "metadata": {"type": "object"},
        "spec": {
            "type": "object", "required": ["selector", "endpoints"], "additionalProperties": False,
            "properties": {
                "selector": {"type": "object", "required": ["matchLabels"]},
                "endpoints": {"type": "array", "minItems": 1, "items": {
                    "type": "object", "required": ["port", "path", "authorization"], "additionalProperties": False,
                    "properties": {
                        "port": {"type": "string"}, "path": {"type": "string"},
                        "interval": {"type": "string", "pattern": r"^\d+(ms|s|m|h)$"},
                        "scrapeTimeout": {"type": "string", "pattern": r"^\d+(ms|s|m|h)$"},
                        "authorization": {
                            "type": "object", "additionalProperties": False, "required": ["type", "credentials"],
                            "properties": {"type": {"type": "string"}, "credentials": {
                                "type": "object", "additionalProperties": False, "required": ["name", "key"],
                                "properties": {"name": {"type": "string"}, "key": {"type": "string"}}}}}}}}}}}}


#: a cluster that the chart is meant for; a Helm that `go install` built supposes a very old one
HELM = [BIN / "helm", "template", "live", CHART, "--kube-version", "1.31", "--namespace", "stage"]


@functools.cache
def kustomized(name):
    return run(BIN / "kustomize", "build", KUSTOMIZE / name).stdout


@functools.cache
def templated(values=None, *sets):
    """`values`: a file of tests/deploy/values; without one the chart's own."""
    files = ["--values", VALUES / f"{values}.yaml"] if values else []
    return run(*HELM, *files,
               *[word for one in sets for word in ("--set", one)]).stdout


RENDERINGS = {"kustomize base": lambda: kustomized("base"), "kustomize example": lambda: kustomized("example"),
              "helm": templated, **{f"helm {path.stem}": functools.partial(templated, path.stem) for path in VALUES.glob("*.yaml")}}


def documents(text):
    return [document for document in yaml.safe_load_all(text) if document]


def one(documents, kind):
    found = [document for document in documents if document["kind"] == kind]
    assert len(found) == 1, f"{len(found)} of kind {kind}"
    return found[0]


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h)", text).groups()
    return int(number) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[unit]


def size(text):
    number, unit = re.fullmatch(r"(\d+)(K|M|G|T)iB?", text).groups()
    return int(number) * 1024 ** ("KMGT".index(unit) + 1)


def covers(selector, labels):
    """An empty selector takes everything there is, so it covers nothing of ours."""
    wanted = selector.get("matchLabels", selector)
    return bool(wanted) and wanted.items() <= labels.items()


def configuration(documents):
    return one(documents, "ConfigMap")["data"]["tributary.yaml"]


def faults(documents):
    """Sentences: whatever of the properties does not hold."""
    return [fault for check in (run_as, runs_what, watched_over, ended_in_time, mounted, selected, reached)
            for fault in check(documents)]


def expect(**wanted):
    """`name: (what is there, what was expected)` → a sentence for each that differs."""
    return [f"{name}: expected {expected!r}, found {there!r}" for name, (there, expected) in wanted.items() if there != expected]


def parts(documents):
    pod = one(documents, "StatefulSet")["spec"]["template"]["spec"]
    assert len(pod["containers"]) == 1 and "initContainers" not in pod
    return pod, pod["containers"][0]


def run_as(documents):
    pod, container = parts(documents)
    whole, own = pod.get("securityContext", {}), container.get("securityContext", {})
    user = whole.get("runAsUser", 0)
    yield from expect(
        runAsNonRoot=(whole.get("runAsNonRoot"), True), group=(whole.get("runAsGroup"), user), fsGroup=(whole.get("fsGroup"), user),
        seccomp=(whole.get("seccompProfile"), {"type": "RuntimeDefault"}), token=(pod.get("automountServiceAccountToken"), False),
        links=(pod.get("enableServiceLinks"), False), escalation=(own.get("allowPrivilegeEscalation"), False),
        read_only=(own.get("readOnlyRootFilesystem"), True), capabilities=(own.get("capabilities"), {"drop": ["ALL"]}),
        privileged=(own.get("privileged", False), False), overrides=({"runAsUser", "runAsNonRoot"} & own.keys(), set()),
        host=({"hostNetwork", "hostPID", "hostIPC", "serviceAccountName"} & pod.keys(), set()))
    if user < 1000:
        yield f"runAsUser: expected a user of its own, found {user}"


def runs_what(documents):
    _, container = parts(documents)
    spec = one(documents, "StatefulSet")["spec"]
    yield from expect(replicas=(spec["replicas"], 1), environment=(container.get("env", []), []), command=(container.get("command"), None),
                      args=(container["args"], ["run", "--watch", "-c", "/etc/tributary/tributary.yaml"]))
    if not re.search(r"(:\d[\w.-]+|@sha256:[0-9a-f]{64})$", container["image"]):
        yield f"image: expected a version or a digest, found {container['image']}"
    memory = size(container["resources"]["limits"]["memory"])
    wanted = size(yaml.safe_load(configuration(documents))["limits"]["memory"]) * 5 // 4 + (64 << 20)
    if memory < wanted:
        yield f"limits.memory: expected a quarter more than the configuration's and 64 MiB, found {memory >> 20} MiB"
    if "cpu" in container["resources"]["limits"]:
        yield "limits.cpu: a relay that is slowed down shows its alerts late"


def watched_over(documents):
    _, container = parts(documents)
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    listen = yaml.safe_load(configuration(documents))["admin"]["listen"]
    for probe, path in (("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
        asks = container.get(probe, {}).get("httpGet", {})
        yield from expect(**{probe: (asks.get("path"), path), f"{probe} port": (f"0.0.0.0:{ports.get(asks.get('port'))}", listen)})
    startup = container.get("startupProbe", {})
    if startup.get("periodSeconds", 10) * startup.get("failureThreshold", 3) < 120:
        yield "startupProbe: expected two minutes at least, as a damaged spool is read through first"


def ended_in_time(documents):
    pod, container = parts(documents)
    stop = seconds(yaml.safe_load(configuration(documents))["stop_timeout"])
    if pod["terminationGracePeriodSeconds"] < stop + 10:
        yield f"terminationGracePeriodSeconds: expected stop_timeout ({stop} s) and 10 s, found {pod['terminationGracePeriodSeconds']}"
    if "lifecycle" in container:
        yield "lifecycle: SIGTERM drains, and nothing is to come before it"


def mounted(documents):
    pod, container = parts(documents)
    config = yaml.safe_load(configuration(documents))
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    claims = {claim["metadata"]["name"] for claim in one(documents, "StatefulSet")["spec"]["volumeClaimTemplates"]}
    mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
    if found := [path for path, mount in mounts.items() if "subPath" in mount]:
        yield f"subPath: what is mounted so never changes: {found}"
    files, secrets = (mounts.get(path, {"name": ""}) for path in ("/etc/tributary", SECRETS.rstrip("/")))
    projected = volumes.get(secrets["name"], {}).get("projected", {})
    name = one(documents, "ConfigMap")["metadata"]["name"]
    yield from expect(
        spool=(mounts.get(config["spool"]["directory"], {}).get("name") in claims, True),
        configuration=(volumes.get(files["name"], {}).get("configMap"), {"name": name}), readOnly=(files.get("readOnly"), True),
        secrets_readOnly=(secrets.get("readOnly"), True), mode=(projected.get("defaultMode"), 0o440),
        secret=([list(source) for source in projected.get("sources", [])], [["secret"]]))
    annotations = one(documents, "StatefulSet")["spec"]["template"]["metadata"].get("annotations", {})
    yield from expect(annotation=([key for key in annotations if "checksum" in key], []))  # it would be a restart
    yield from expect(Secret=([d["metadata"]["name"] for d in documents if d["kind"] == "Secret"], []))
    if "value:" in configuration(documents):
        yield "configuration: a secret itself is in it"


def selected(documents):
    whole = one(documents, "StatefulSet")
    labels = whole["spec"]["template"]["metadata"]["labels"]
    service = one(documents, "Service")
    selectors = {"StatefulSet": whole["spec"]["selector"], "Service": service["spec"]["selector"],
                 "PodDisruptionBudget": one(documents, "PodDisruptionBudget")["spec"]["selector"]}
    for policy in (d for d in documents if d["kind"] == "NetworkPolicy"):
        selectors["NetworkPolicy"] = policy["spec"]["podSelector"]
    for kind, selector in selectors.items():
        if not covers(selector, labels):
            yield f"{kind}: its selector {selector} is not of the pod's labels {labels}"
    yield from expect(serviceName=(whole["spec"]["serviceName"], service["metadata"]["name"]),
                      headless=(service["spec"].get("clusterIP"), "None"), unready=(service["spec"].get("publishNotReadyAddresses"), True))
    for monitor in (d for d in documents if d["kind"] == "ServiceMonitor"):
        if not covers(monitor["spec"]["selector"], service["metadata"].get("labels", {})):
            yield f"ServiceMonitor: its selector is not of the service's labels {service['metadata'].get('labels')}"
        endpoint = monitor["spec"]["endpoints"][0]
        pod, _ = parts(documents)
        secret = next(v["projected"]["sources"][0]["secret"]["name"] for v in pod["volumes"] if "projected" in v)
        token = yaml.safe_load(configuration(documents))["admin"]["token"]["file"]
        yield from expect(path=(endpoint["path"], "/metrics"), port=(endpoint["port"], service["spec"]["ports"][0]["name"]),
                          credentials=(endpoint["authorization"]["credentials"],
                                       {"name": secret, "key": token.removeprefix(SECRETS)}),
                          namespace=(monitor["metadata"].get("namespace"), service["metadata"].get("namespace")))


def reached(documents):
    config = yaml.safe_load(configuration(documents))
    for policy in (d["spec"] for d in documents if d["kind"] == "NetworkPolicy"):
        yield from expect(types=(sorted(policy["policyTypes"]), ["Egress", "Ingress"]))
        admin = int(config["admin"]["listen"].rpartition(":")[2])
        for rule in policy["ingress"]:
            if not rule.get("from") or any(not peer.get("namespaceSelector", {}).get("matchLabels") for peer in rule["from"]):
                yield "NetworkPolicy: expected to let in namespaces by name alone"
            yield from expect(ingress=([port["port"] for port in rule["ports"]], [admin]))
        out = {port["port"] for rule in policy["egress"] for port in rule["ports"]}
        brokers = {int(broker.rpartition(":")[2]) for sink in config["sinks"].values() for broker in sink.get("brokers", [])}
        urls = {int(port) for port in re.findall(r"://[^/\s'\"]+:(\d+)", json.dumps(config["connectors"]))}
        if not {53, 443} | brokers | urls <= out:
            yield f"NetworkPolicy: expected ways out to {sorted({53, 443} | brokers | urls)}, found {sorted(out)}"
        for rule in policy["egress"]:
            if not rule.get("to") or not rule.get("ports"):
                yield "NetworkPolicy: a way out to everywhere"


def shape_of_monitor(document):
    jsonschema.validate(document, SERVICE_MONITOR)
