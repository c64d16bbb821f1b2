/** The one error shape of the REST surface (wire-contract §5.1). */
export interface ErrorBody {
  error_code: string
  message: string
  details: ErrorDetail[]
}

/** What a program reads of an error: its reason, and the id of the request. */
export type ErrorDetail =
  | {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo'
      reason: string
      domain: string
      metadata: Record<string, string>
    }
  | {
      '@type': 'type.googleapis.com/google.rpc.RequestInfo'
      request_id: string
      serving_data: string
      metadata: Record<string, string>
    }
