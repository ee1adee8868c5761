/**
 * The words and metadata with which every delivered file says that it is synthetic.
 *
 * Plain metadata only: no signature and no watermark, so whoever wants to can remove it.
 */

/** IPTC's name for media made by a trained generative model (IPTC NewsCodes, Digital Source Type). */
export const DIGITAL_SOURCE_TYPE = 'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia';

/** The sentence shown to people. */
export const SYNTHETIC_STATEMENT = 'This head is synthetic: it was made by a generative model, not recorded.';

/** The program's name and version as written into files. */
export type Maker = {
  /** e.g. `joker3d 0.1.0` */
  readonly generator: string;
};

/** Text made safe for XML and HTML, inside attributes too. Control characters, which XML forbids, become spaces. */
export function escapeMarkup(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return Array.from(text, (char) => (char < ' ' || char === '\u007f' ? ' ' : (names[char] ?? char))).join('');
}

/**
 * XMP packet (ISO 16684-1) with Iptc4xmpExt:DigitalSourceType, xmp:CreatorTool and dc:description.
 * @param description what the picture shows, one line; default: the synthetic statement alone.
 */
export function syntheticXmp(maker: Maker, description = ''): string {
  const text = escapeMarkup(description ? `${description}. ${SYNTHETIC_STATEMENT}` : SYNTHETIC_STATEMENT);
  return `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmp:CreatorTool="${escapeMarkup(maker.generator)}" Iptc4xmpExt:DigitalSourceType="${DIGITAL_SOURCE_TYPE}">
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">${text}</rdf:li></rdf:Alt></dc:description>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>`;
}

/** The statement as data, for JSON-like metadata (glTF extras, manifest). */
export function syntheticExtras(maker: Maker): Record<string, string | boolean> {
  return {
    synthetic: true,
    statement: SYNTHETIC_STATEMENT,
    digitalSourceType: DIGITAL_SOURCE_TYPE,
    generator: maker.generator,
  };
}
