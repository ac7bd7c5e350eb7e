"""deploy/kubernetes and deploy/helm: what Kustomize and Helm make of them is valid, safe, and fits the program."""

import copy
import pathlib
import re
import subprocess

import pytest
import yaml

from deploy import manifests
from deploy.manifests import CHART, HELM, RENDERINGS, SECRETS, VALUES, configuration, documents, faults, one, templated
from deploy.tools import BIN, run
from peers.place import ROOT
from peers.program import run_once

#: what needs Helm is left to the long tier
every_rendering = pytest.mark.parametrize("name", [
    pytest.param(name, marks=pytest.mark.long) if name.startswith("helm") else name for name in RENDERINGS])
OLDEST, NEWEST = "1.25", "1.37"


@every_rendering
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_the_manifests_are_valid(name, version, tmp_path):
    text = RENDERINGS[name]()
    kinds = [document["kind"] for document in documents(text)]
    assert {"ConfigMap", "Service", "StatefulSet", "PodDisruptionBudget", "NetworkPolicy"} <= set(kinds)
    assert len(kinds) == len(set(kinds))
    files = []
    for document in documents(text):
        if document["kind"] == "ServiceMonitor":  # no kind of Kubernetes' own
            manifests.shape_of_monitor(document)
            continue
        files.append(tmp_path / f"{document['kind']}.yaml")
        files[-1].write_text(yaml.safe_dump(document))
    run(BIN / "kubernetes-validate", "--strict", "--kubernetes-version", version, *files)


def test_a_manifest_that_is_not_valid_is_found(tmp_path):
    document = one(documents(RENDERINGS["kustomize base"]()), "StatefulSet")
    document["spec"]["template"]["spec"]["terminationGracePeriod"] = 45
    (tmp_path / "bad.yaml").write_text(yaml.safe_dump(document))
    done = subprocess.run([BIN / "kubernetes-validate", "--strict", "--kubernetes-version", NEWEST, tmp_path / "bad.yaml"],
                          capture_output=True, text=True)
    assert done.returncode != 0 and "terminationGracePeriod" in done.stdout + done.stderr


@every_rendering
def test_what_must_hold_of_them_holds(name):
    assert faults(documents(RENDERINGS[name]())) == []


def changed(kind, path, value):
    """The example's documents with one thing in one of them otherwise; None takes it away."""
    whole = documents(RENDERINGS["kustomize example"]())
    place = one(whole, kind)
    *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    for step in way:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return whole


POD = "spec/template/spec"
BOX = f"{POD}/containers/0"


@pytest.mark.parametrize("kind, path, value, words", [
    ("StatefulSet", f"{POD}/securityContext/runAsNonRoot", None, "runAsNonRoot"),
    ("StatefulSet", f"{POD}/securityContext/runAsUser", 0, "runAsUser"),
    ("StatefulSet", f"{POD}/securityContext/seccompProfile", None, "seccomp"),
    ("StatefulSet", f"{POD}/automountServiceAccountToken", True, "token"),
    ("StatefulSet", f"{POD}/hostNetwork", True, "host"),
    ("StatefulSet", f"{BOX}/securityContext/readOnlyRootFilesystem", False, "read_only"),
    ("StatefulSet", f"{BOX}/securityContext/capabilities", {"add": ["NET_ADMIN"]}, "capabilities"),
    ("StatefulSet", f"{BOX}/image", "tributary:latest", "image"),
    ("StatefulSet", f"{BOX}/image", "tributary", "image"),
    ("StatefulSet", f"{BOX}/args", ["run", "-c", "/etc/tributary/tributary.yaml"], "args"),
    ("StatefulSet", f"{BOX}/resources/limits/memory", "256Mi", "limits.memory"),
    ("StatefulSet", f"{BOX}/resources/limits/cpu", "1", "limits.cpu"),
    ("StatefulSet", f"{BOX}/livenessProbe/httpGet/path", "/readyz", "livenessProbe"),
    ("StatefulSet", f"{BOX}/readinessProbe", None, "readinessProbe"),
    ("StatefulSet", f"{BOX}/ports/0/containerPort", 9465, "port"),
    ("StatefulSet", f"{BOX}/startupProbe/failureThreshold", 3, "startupProbe"),
    ("StatefulSet", f"{BOX}/lifecycle", {"preStop": {"exec": {"command": ["sleep", "5"]}}}, "lifecycle"),
    ("StatefulSet", f"{POD}/terminationGracePeriodSeconds", 30, "terminationGracePeriodSeconds"),
    ("StatefulSet", f"{BOX}/volumeMounts/0/subPath", "tributary.yaml", "subPath"),
    ("StatefulSet", f"{POD}/volumes/1/projected/defaultMode", 0o444, "mode"),
    ("StatefulSet", f"{BOX}/volumeMounts/2/mountPath", "/var/spool", "spool"),
    ("StatefulSet", "spec/replicas", 2, "replicas"),
    ("StatefulSet", "spec/serviceName", "other", "serviceName"),
    ("Service", "spec/selector", {}, "Service: its selector"),
    ("PodDisruptionBudget", "spec/selector", {}, "PodDisruptionBudget: its selector"),
    ("NetworkPolicy", "spec/podSelector", {}, "NetworkPolicy: its selector"),
    ("NetworkPolicy", "spec/ingress/0/from/0", {"namespaceSelector": {}}, "by name alone"),
    ("NetworkPolicy", "spec/egress/2", None, "ways out"),
    ("NetworkPolicy", "spec/egress/1/to", [], "everywhere"),
    ("ServiceMonitor", "spec/endpoints/0/authorization/credentials/key", "token", "credentials"),
    ("ServiceMonitor", "spec/selector/matchLabels", {"app": "other"}, "ServiceMonitor: its selector"),
])
def test_what_does_not_hold_is_found(kind, path, value, words):
    found = faults(changed(kind, path, value))
    assert found and any(words in fault for fault in found), found


def checked(documents, folder, certificates):
    """`tributary check` on the ConfigMap's file, with a secret in each file that it names."""
    text = configuration(documents).replace(SECRETS, f"{folder}/secrets/").replace("/var/lib/tributary", f"{folder}/spool")
    (folder / "secrets").mkdir()
    for path in re.findall(rf"{re.escape(str(folder))}/secrets/[\w.-]+", text):
        pathlib.Path(path).write_bytes(certificates.ca.read_bytes() if path.endswith(".pem") else b"a-secret-of-the-test\n")
    (folder / "tributary.yaml").write_text(text)
    return run_once("check", "-c", "tributary.yaml", folder=folder)


@every_rendering
def test_the_configuration_in_them_passes_check(name, work, certificates):
    done = checked(documents(RENDERINGS[name]()), work, certificates)
    assert done.returncode == 0 and "ok     tributary.yaml" in done.stdout, done.stdout + done.stderr


def test_a_fault_in_the_configuration_is_found(work, certificates):
    whole = documents(RENDERINGS["kustomize base"]())
    config = one(whole, "ConfigMap")["data"]
    config["tributary.yaml"] = config["tributary.yaml"].replace("stop_timeout: 25s", "stop_time: 25s")
    assert checked(whole, work, certificates).returncode == 2


@every_rendering
def test_they_run_this_version(name):
    version = run_once("--version").stdout.split()[1]
    image = one(documents(RENDERINGS[name]()), "StatefulSet")["spec"]["template"]["spec"]["containers"][0]["image"]
    tag = image.rpartition(":")[2] if "@" not in image else version
    assert tag in (version, f"{version}-rc1"), f"{image} is not of {version}: deploy/ is to follow CMakeLists.txt"
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (version, version)


@pytest.mark.long
def test_a_change_of_the_configuration_restarts_nothing():
    """The ConfigMap alone is another one; `end_to_end/watch_test.py` shows what the relay does with it."""
    before, after = (documents(templated(None, *sets)) for sets in ((), ("config.io_threads=2",)))
    assert [d["kind"] for d in before] == [d["kind"] for d in after]
    assert [one["kind"] for one, other in zip(before, after) if one != other] == ["ConfigMap"]
    assert yaml.safe_load(configuration(after))["io_threads"] == 2
    for folder in ("base", "example"):  # no hash of the content in the name
        text = (manifests.KUSTOMIZE / folder / "kustomization.yaml").read_text()
        assert yaml.safe_load(text)["configMapGenerator"][0]["options"] == {"disableNameSuffixHash": True}


@pytest.mark.long
@pytest.mark.parametrize("values", [None, *(path.stem for path in VALUES.glob("*.yaml"))])
def test_helm_finds_nothing_to_say_of_the_chart(values):
    said = run(BIN / "helm", "lint", "--strict", "--kube-version", "1.31", CHART, *(["--values", VALUES / f"{values}.yaml"] if values else [])).stdout
    assert "0 chart(s) failed" in said and "[WARNING]" not in said and "[ERROR]" not in said


@pytest.mark.long
def test_the_chart_says_which_kubernetes_it_is_for():
    done = run(*[f"{OLDEST.split('.')[0]}.24" if word == "1.31" else word for word in HELM], code=1)
    assert f"requires kubeVersion: >={OLDEST}" in done.stderr, done.stderr


@pytest.mark.long
@pytest.mark.parametrize("setting, words", [
    ("terminationGracePeriodSeconds=30", "expected at least 35, which is config.stop_timeout (25s) and 10 s, found 30"),
    ("config.stop_timeout=1m", "expected at least 70"),
    ("config.stop_timeout=soon", 'config.stop_timeout: expected a duration such as 25s, found "soon"'),
    ("image.tag=latest", "image.tag"),
    ("image.digest=abc", "image.digest"),
    ("podDisruptionBudget.maxUnavailable=2", "maxUnavailable"),
    ("replicas=2", "replicas"),
    ("user=0", "user"),
])
def test_the_chart_refuses_what_cannot_go_well(setting, words):
    done = run(*HELM, "--set", setting, code=1)
    assert words in done.stderr, done.stderr


@pytest.mark.long
def test_what_the_pod_needs_cannot_be_set_otherwise():
    config = yaml.safe_load(configuration(documents(templated(None, "config.admin.listen=127.0.0.1:1", "config.spool.directory=/tmp",
                                                              "config.instance=other"))))
    assert config["admin"] == {"listen": "0.0.0.0:9464", "token": {"file": f"{SECRETS}admin"}}
    assert config["spool"] == {"directory": "/var/lib/tributary"} and config["instance"] == "other"


@pytest.mark.long
@pytest.mark.parametrize("release, name", [("tributary", "tributary"), ("live", "live-tributary"), ("x" * 53, f"{'x' * 52}")])
def test_names_are_of_the_release_and_never_too_long(release, name):
    whole = documents(run(*[release if word == "live" else word for word in HELM]).stdout)
    assert {d["metadata"]["name"] for d in whole} == {name}


def test_the_page_names_what_is_there():
    page = (ROOT / "deploy" / "kubernetes" / "README.md").read_text()
    base = RENDERINGS["kustomize base"]()
    for word in ("statefulset/tributary", "maxUnavailable: 0", "--watch", "terminationGracePeriodSeconds"):
        assert word in page
    assert "maxUnavailable: 0" in base and "terminationGracePeriodSeconds: 45" in base and "`terminationGracePeriodSeconds` (45)" in page
    help_of = run_once("run", "--help").stdout
    assert "--watch" in help_of and "-c,--config" in help_of
    for path in re.findall(r"deploy/[\w/]+", page):
        assert (ROOT / path).exists(), path
    copied = copy.deepcopy(documents(RENDERINGS["kustomize example"]()))
    assert {d["metadata"]["namespace"] for d in copied} == {"live"} and "create namespace live" in page
