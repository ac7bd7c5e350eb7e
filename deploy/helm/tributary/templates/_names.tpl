{{- define "tributary.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 52 characters: a pod's name is this and its number, a revision's label is this and a hash. */}}
{{- define "tributary.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains (include "tributary.name" .) .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "tributary.name" .) | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "tributary.selector" -}}
app.kubernetes.io/name: {{ include "tributary.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tributary.labels" -}}
{{ include "tributary.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "tributary.secret" -}}
{{- default (include "tributary.fullname" .) .Values.existingSecret -}}
{{- end -}}

{{- define "tributary.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The configuration: what is given, and what the pod needs to be so. */}}
{{- define "tributary.config" -}}
{{- $defaults := dict "version" 1 "instance" (include "tributary.fullname" .) "stop_timeout" "25s" "limits" (dict "memory" "256MiB") "log" (dict "format" "json") -}}
{{- $fixed := dict "admin" (dict "listen" "0.0.0.0:9464" "token" (dict "file" "/run/secrets/tributary/admin")) "spool" (dict "directory" "/var/lib/tributary") -}}
{{- toYaml (mergeOverwrite $defaults (deepCopy .Values.config) $fixed) -}}
{{- end -}}

{{/* Seconds of stop_timeout, rounded up; the pod must be given longer. */}}
{{- define "tributary.grace" -}}
{{- $text := get (include "tributary.config" . | fromYaml) "stop_timeout" | toString -}}
{{- $number := regexFind "^[0-9]+" $text -}}
{{- $unit := trimPrefix $number $text -}}
{{- $scale := get (dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000) $unit -}}
{{- if or (not $number) (not $scale) -}}
{{- fail (printf "config.stop_timeout: expected a duration such as 25s, found %q" $text) -}}
{{- end -}}
{{- $seconds := divf (mul (int64 $number) $scale) 1000 | ceil | int64 -}}
{{- if lt (int64 .Values.terminationGracePeriodSeconds) (add $seconds 10) -}}
{{- fail (printf "terminationGracePeriodSeconds: expected at least %d, which is config.stop_timeout (%s) and 10 s, found %d: the kubelet would kill the relay while it drains" (add $seconds 10) $text (int64 .Values.terminationGracePeriodSeconds)) -}}
{{- end -}}
{{- .Values.terminationGracePeriodSeconds -}}
{{- end -}}
