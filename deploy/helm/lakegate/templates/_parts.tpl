{{- /* Names and pieces that several templates share. */ -}}

{{- define "lakegate.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "lakegate.selector" -}}
app.kubernetes.io/name: lakegate
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "lakegate.labels" -}}
{{ include "lakegate.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
{{- end -}}

{{- define "lakegate.systemDatabase" -}}
{{ include "lakegate.name" . }}-system
{{- end -}}

{{- /* The Secret with ca.crt of the system database. */ -}}
{{- define "lakegate.systemDatabaseAuthority" -}}
{{- if .Values.systemDatabase.cloudNativePg.enabled -}}
{{ include "lakegate.systemDatabase" . }}-ca
{{- else -}}
{{ .Values.systemDatabase.external.existingSecret }}
{{- end -}}
{{- end -}}

{{- /* What every pod has, whichever half it runs: `root`, `component`, `grace` in seconds. */ -}}
{{- define "lakegate.podSettings" -}}
serviceAccountName: {{ include "lakegate.name" .root }}-{{ .component }}
automountServiceAccountToken: false
# Variables that Kubernetes makes of Services begin with LAKEGATE_ here, and would be taken for settings.
enableServiceLinks: false
terminationGracePeriodSeconds: {{ .grace }}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "lakegate.selector" . | nindent 8 }}
{{- end -}}

{{- define "lakegate.containerSettings" -}}
image: {{ printf "%s:%s" .root.Values.image.repository (.root.Values.image.tag | default .root.Chart.AppVersion) | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
envFrom:
  - configMapRef:
      name: {{ include "lakegate.name" .root }}
volumeMounts:
  - name: data
    mountPath: /var/lib/lakegate
  - name: temporary
    mountPath: /tmp
  - name: master-key
    mountPath: /etc/lakegate/master-key
    readOnly: true
  - name: system-database
    mountPath: /etc/lakegate/system-database
    readOnly: true
  {{- if .root.Values.tls.existingSecret }}
  - name: tls
    mountPath: /etc/lakegate/tls
    readOnly: true
  {{- end }}
{{- end -}}

{{- /* The address of the system database is a secret, so it is not in the ConfigMap. */ -}}
{{- define "lakegate.databaseUrl" -}}
{{- if .Values.systemDatabase.cloudNativePg.enabled -}}
# Read before LAKEGATE_DATABASE_URL, which is made of it.
- name: SYSTEM_DATABASE_URI
  valueFrom:
    secretKeyRef:
      name: {{ include "lakegate.systemDatabase" . }}-app
      key: uri
- name: LAKEGATE_DATABASE_URL
  value: $(SYSTEM_DATABASE_URI)?sslmode=verify-full&sslrootcert=/etc/lakegate/system-database/ca.crt
{{- else -}}
- name: LAKEGATE_DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ .Values.systemDatabase.external.existingSecret }}
      key: {{ .Values.systemDatabase.external.key }}
{{- end -}}
{{- end -}}

{{- define "lakegate.volumes" -}}
- name: data
  emptyDir: {}
- name: temporary
  emptyDir: {}
- name: master-key
  secret:
    secretName: {{ .Values.masterKey.existingSecret }}
    defaultMode: 0440
    items:
      - key: {{ .Values.masterKey.key }}
        path: master.key
- name: system-database
  secret:
    secretName: {{ include "lakegate.systemDatabaseAuthority" . }}
    {{- if not .Values.systemDatabase.cloudNativePg.enabled }}
    optional: true
    {{- end }}
    # Of an authority only its certificate, never its key.
    items:
      - key: ca.crt
        path: ca.crt
{{- if .Values.tls.existingSecret }}
- name: tls
  secret:
    secretName: {{ .Values.tls.existingSecret }}
    defaultMode: 0440
{{- end }}
{{- end -}}

{{- /* Where a half may connect to, besides names: `root`, `ports`. */ -}}
{{- define "lakegate.egress" }}
    - ports:
        - { port: 53, protocol: UDP }
        - { port: 53, protocol: TCP }
    - ports:
        {{- range .ports }}
        - { port: {{ . }}, protocol: TCP }
        {{- end }}
    {{- if .root.Values.systemDatabase.cloudNativePg.enabled }}
    - to:
        - podSelector:
            matchLabels:
              cnpg.io/cluster: {{ include "lakegate.systemDatabase" .root }}
      ports:
        - { port: 5432, protocol: TCP }
    {{- else }}
    # The system database, wherever it is.
    - ports:
        - { port: {{ .root.Values.systemDatabase.external.port }}, protocol: TCP }
    {{- end }}
{{- end -}}
