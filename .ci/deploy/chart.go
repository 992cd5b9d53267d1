package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

// sets are the values with which the chart is rendered, and the kinds that have to come out. No kinds: it has to refuse.
var sets = []struct {
	name, values string
	kinds        string
}{
	{"no key", `{}`, ""},
	{"small", `secret: { PROXY_ACCESS_KEY: canary-access-key, OPENAI_API_KEY: canary-upstream-key }`,
		"ConfigMap Deployment PodDisruptionBudget Secret Service"},
	{"own secret", `{ existingSecret: mine, replicas: 1, podDisruptionBudget: { enabled: false } }`, "ConfigMap Deployment Service"},
	{"everything", `
existingSecret: mine
autoscaling: { enabled: true }
serviceMonitor: { enabled: true, labels: { release: prometheus } }
ingress: { enabled: true, className: nginx, hosts: [ a.example.com, b.example.com ], tls: [ { secretName: t, hosts: [ a.example.com ] } ], annotations: { x: "y" } }
plugins: { volume: { persistentVolumeClaim: { claimName: plugins } } }
imagePullSecrets: [ { name: registry } ]
podAnnotations: { a: b }
nodeSelector: { kubernetes.io/os: linux }
tolerations: [ { key: a, operator: Exists } ]
affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [ { weight: 1, podAffinityTerm: { topologyKey: kubernetes.io/hostname } } ] } }
service: { annotations: { c: d } }
`, "ConfigMap Deployment HorizontalPodAutoscaler Ingress PodDisruptionBudget Service ServiceMonitor"},
}

func chart(helm, dir, out string) error {
	for _, set := range sets {
		if err := render(helm, dir, out, set.name, set.values, set.kinds); err != nil {
			return fmt.Errorf("values %q: %w", set.name, err)
		}
	}
	return nil
}

func render(helm, dir, out, name, values, kinds string) error {
	cmd := exec.Command(helm, "template", "test", dir, "--values", "-", "--kube-version", "1.31.0")
	cmd.Stdin = strings.NewReader(values)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	text, err := cmd.Output()
	if kinds == "" {
		if err == nil || !strings.Contains(errs.String(), "PROXY_ACCESS_KEY") {
			return fmt.Errorf("rendered, or refused for another reason: %v %s", err, &errs)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %s", err, &errs)
	}
	found := map[string]any{}
	for object := range strings.SplitSeq(string(text), "\n---\n") {
		kind, decoded, err := decode([]byte(object))
		if err != nil {
			return fmt.Errorf("%w\n%s", err, object)
		}
		found[kind] = decoded
	}
	if got := strings.Join(slices.Sorted(maps.Keys(found)), " "); got != kinds {
		return fmt.Errorf("kinds are %s, want %s", got, kinds)
	}
	if err := sound(found); err != nil {
		return err
	}
	fmt.Printf("chart, values %q: %s\n", name, kinds)
	config := found["ConfigMap"].(*core.ConfigMap).Data["plugins.yaml"]
	return os.WriteFile(filepath.Join(out, strings.ReplaceAll(name, " ", "-")+".yaml"), []byte(config), 0o644)
}

// decode reads one object into its type; a field that the type does not have is an error.
func decode(text []byte) (string, any, error) {
	var head struct{ APIVersion, Kind string }
	if err := yaml.Unmarshal(text, &head); err != nil {
		return "", nil, err
	}
	object, ok := map[string]any{
		"v1 ConfigMap": &core.ConfigMap{}, "v1 Secret": &core.Secret{}, "v1 Service": &core.Service{},
		"apps/v1 Deployment": &apps.Deployment{}, "policy/v1 PodDisruptionBudget": &policy.PodDisruptionBudget{},
		"autoscaling/v2 HorizontalPodAutoscaler": &autoscaling.HorizontalPodAutoscaler{}, "networking.k8s.io/v1 Ingress": &networking.Ingress{},
		"monitoring.coreos.com/v1 ServiceMonitor": &monitoring.ServiceMonitor{},
	}[head.APIVersion+" "+head.Kind]
	if !ok {
		return "", nil, fmt.Errorf("unknown kind %s %s", head.APIVersion, head.Kind)
	}
	return head.Kind, object, yaml.UnmarshalStrict(text, object)
}

// sound checks what no type can say.
func sound(found map[string]any) error {
	d := found["Deployment"].(*apps.Deployment)
	pod := d.Spec.Template
	for k, v := range d.Spec.Selector.MatchLabels {
		if pod.Labels[k] != v {
			return fmt.Errorf("the Deployment selects %s=%s, its pods have %q", k, v, pod.Labels[k])
		}
	}
	for k, v := range found["Service"].(*core.Service).Spec.Selector {
		if pod.Labels[k] != v {
			return fmt.Errorf("the Service selects %s=%s, the pods have %q", k, v, pod.Labels[k])
		}
	}
	box := pod.Spec.Containers[0]
	volumes := map[string]bool{}
	for _, v := range pod.Spec.Volumes {
		volumes[v.Name] = true
	}
	for _, m := range box.VolumeMounts {
		if !volumes[m.Name] {
			return fmt.Errorf("%s mounts the volume %s, which is not there", m.MountPath, m.Name)
		}
	}
	sleep := box.Lifecycle.PreStop.Sleep.Seconds
	if grace := *pod.Spec.TerminationGracePeriodSeconds; grace <= 30+sleep {
		return fmt.Errorf("pods have %d s to stop, less than %d s and the drain of 30 s", grace, sleep)
	}
	if box.SecurityContext.ReadOnlyRootFilesystem == nil || !*box.SecurityContext.ReadOnlyRootFilesystem || !*pod.Spec.SecurityContext.RunAsNonRoot {
		return fmt.Errorf("pods do not run unprivileged with a read-only root")
	}
	return nil
}
