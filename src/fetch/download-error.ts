import type { ProblemCode } from '../problem.ts';

interface Details {
  /** What kind of problem it is; default `download-failed`. */
  readonly code?: ProblemCode;
  readonly hint?: string;
  /** What the server asked us to wait, in milliseconds. */
  readonly retryAfter?: number;
  /** 0 where it was no answer of a server. */
  readonly status?: number;
}

/** Why something did not come: a property of the network, of a server or of what it gave, never a bug of ours. */
export class DownloadError extends Error {
  override name = 'DownloadError';
  /** Trying again gives the same. */
  readonly final: boolean;
  readonly code: ProblemCode;
  readonly hint: string | undefined;
  readonly retryAfter: number | undefined;
  readonly status: number;
  constructor(message: string, final: boolean, { code = 'download-failed', hint, retryAfter, status = 0 }: Details = {}) {
    super(message);
    this.final = final;
    this.code = code;
    this.hint = hint;
    this.retryAfter = retryAfter;
    this.status = status;
  }
}
