/**
 * A schema for the Cluster of the operator CloudNativePG, with the fields that we set and no other, written by hand after its API
 * reference (docs/src/cloudnative-pg.v1.md in the repository cloudnative-pg/cloudnative-pg: ClusterSpec, BootstrapInitDB,
 * PostgresConfiguration, StorageConfiguration). The operator's own is generated, and 6,000 lines long.
 */
import { Ajv } from 'ajv'

const NAME = { type: 'string', minLength: 1 }
/** Of Kubernetes: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/. */
const QUANTITY = { type: 'string', pattern: '^[0-9]+(?:\\.[0-9]+)?(?:m|[kKMGTPE]i?)?$' }
const QUANTITIES = {
  type: 'object',
  additionalProperties: false,
  properties: { cpu: QUANTITY, memory: QUANTITY },
}

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['apiVersion', 'kind', 'metadata', 'spec'],
  properties: {
    apiVersion: { const: 'postgresql.cnpg.io/v1' },
    kind: { const: 'Cluster' },
    metadata: {
      type: 'object',
      additionalProperties: false,
      required: ['name'],
      properties: {
        // What its admission webhook demands (validateName): names of pods and Services are made of it.
        name: { type: 'string', pattern: '^[a-z]([-a-z0-9]*[a-z0-9])?$', maxLength: 50 },
        labels: { type: 'object', additionalProperties: { type: 'string', maxLength: 63 } },
      },
    },
    spec: {
      type: 'object',
      additionalProperties: false,
      required: ['instances', 'storage'],
      properties: {
        instances: { type: 'integer', minimum: 1 },
        imageName: NAME,
        bootstrap: {
          type: 'object',
          additionalProperties: false,
          properties: {
            initdb: {
              type: 'object',
              additionalProperties: false,
              properties: { database: NAME, owner: NAME },
            },
          },
        },
        postgresql: {
          type: 'object',
          additionalProperties: false,
          // Keys and values are strings: a number without quotes is refused.
          properties: { parameters: { type: 'object', additionalProperties: { type: 'string' } } },
        },
        storage: {
          type: 'object',
          additionalProperties: false,
          required: ['size'],
          properties: { size: QUANTITY, storageClass: NAME },
        },
        resources: {
          type: 'object',
          additionalProperties: false,
          properties: { requests: QUANTITIES, limits: QUANTITIES },
        },
      },
    },
  },
}

const validate = new Ajv({ allErrors: true }).compile(SCHEMA)

/** @returns what the operator would not take */
export function complaintsAboutCluster(resource: unknown): readonly string[] {
  if (validate(resource)) return []
  return (validate.errors ?? []).map(({ instancePath, message = '' }) => `Cluster${instancePath}: ${message}`)
}
