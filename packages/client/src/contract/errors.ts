/** The one error shape of the REST surface (wire-contract §5.1). */
export interface ErrorBody {
  /** For programs, such as `PERMISSION_DENIED`. */
  error_code: string
  /** What happened, why, and what to do next. */
  message: string
  details: ErrorDetail[]
}

/** The same below the paths of SCIM, with what RFC 7644 §3.12 requires. */
export interface ScimErrorBody extends ErrorBody {
  schemas: string[]
  /** The HTTP status, as a text. */
  status: string
  scimType?: 'uniqueness' | 'invalidValue'
}

/** Why the request was refused, for programs. */
export interface ErrorReason {
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo'
  /** Name of the refusal in docs/refusals.md, in capitals. */
  reason: string
  domain: string
  metadata: Record<string, string>
}

/** By which id the request is found in the log of the server. */
export interface ErrorRequest {
  '@type': 'type.googleapis.com/google.rpc.RequestInfo'
  request_id: string
  serving_data: string
  metadata: Record<string, string>
}

/** What a program reads of an error: its reason, and the id of the request. */
export type ErrorDetail = ErrorReason | ErrorRequest
