/** What programs import: a workspace with its tokens and credentials, and the parts of which that is made. */
export type * from './contract/index.ts'
export {
  createLakegate,
  lakegateOf,
  type ConnectionOptions,
  type Lakegate,
  type LakegateOptions,
} from './client.ts'
export type { InstanceConnection } from './connection.ts'
export {
  LakegateApiError,
  LakegateConfigurationError,
  LakegateConnectionError,
  LakegateError,
  LakegateSignInError,
} from './errors.ts'
export {
  createLakegateHttp,
  type HttpAnswer,
  type HttpMethod,
  type HttpOptions,
  type LakegateHttp,
  type RequestOptions,
} from './http.ts'
export { createAccessTokenSource, type AccessTokenOptions } from './authentication/access-tokens.ts'
export {
  CLI_CLIENT_ID,
  discoverAuthorizationServer,
  requestToken,
  type AuthorizationServer,
  type TokenAnswer,
} from './authentication/authorization-server.ts'
export {
  AUTH_TYPES,
  normalizeHost,
  resolveConfiguration,
  type AuthType,
  type ClientConfiguration,
  type ResolvedConfiguration,
  type Surroundings,
} from './authentication/configuration.ts'
export {
  defaultProfileOf,
  listProfiles,
  pathOfConfigFile,
  readConfigFile,
  removeProfile,
  SETTINGS_SECTION,
  writeProfile,
  type Profile,
} from './authentication/profiles.ts'
export {
  findSession,
  removeSession,
  storeSession,
  type Session,
  type SessionOwner,
} from './authentication/sessions.ts'
export {
  createTokenSource,
  type TokenRequest,
  type TokenSourceOptions,
} from './tokens/create-token-source.ts'
export type { Clock } from './tokens/clock.ts'
export type { Token, TokenOptions, TokenSource } from './tokens/token-source.ts'
export { OPERATIONS, type FieldKind, type OperationRow } from './rest/operations.ts'
export type { Pages } from './rest/pages.ts'
export {
  createRest,
  type AnswerOf,
  type Call,
  type RequestOf,
  type Rest,
  type RestOptions,
} from './rest/rest.ts'
