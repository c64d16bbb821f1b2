export type * from './contract/index.ts'
export { createLakegateHttp, LakegateApiError, type LakegateHttp } from './http.ts'
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
