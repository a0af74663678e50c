/**
 * pdfkit deflates in JavaScript where it thinks that it is in a browser, which was a quarter of a ticket's cost. It is told not to, and what
 * it writes is deflated here by the Worker's own zlib (RFC 1950; ISO 32000-1, 7.4.4).
 */
import { Buffer } from "node:buffer";
import { deflateSync } from "node:zlib";
import PDFDocument from "pdfkit";

/** What pdfkit keeps of a stream until it is written. */
interface Stream {
  data: { Filter?: string; Length?: number };
  buffer: Uint8Array[];
  finalize(): void;
}

const hasStream = (reference: object): reference is Stream =>
  "buffer" in reference && Array.isArray(reference.buffer) && "data" in reference && "finalize" in reference;

export class DeflatedDocument extends PDFDocument {
  constructor(options: PDFKit.PDFDocumentOptions) {
    super({ ...options, compress: false });
  }

  override ref(data: object): PDFKit.PDFKitReference {
    const reference = super.ref(data);
    if (!hasStream(reference)) throw new Error("this pdfkit keeps its streams in another way");
    const finalize = reference.finalize.bind(reference);
    reference.finalize = () => {
      if (reference.buffer.length > 0 && reference.data.Filter === undefined) {
        reference.data.Filter = "FlateDecode";
        reference.buffer = [deflateSync(Buffer.concat(reference.buffer))];
      }
      finalize();
    };
    return reference;
  }
}
