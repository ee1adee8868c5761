/** The page over several heads: everything that is told is escaped, pictures are inside, nothing points out of the folder. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GalleryHead, galleryPage } from './gallery.js';

const still = { type: 'image/png', bytes: Uint8Array.of(1, 2, 3) } as const;
const page = (head: Partial<GalleryHead>) =>
  galleryPage({
    generator: 'joker3d test',
    title: 'two heads',
    heads: [{ name: 'smile', caption: 'a person', moving: null, still, files: ['viewer.html'], ...head }],
  });

describe('galleryPage', () => {
  it('links to the files and holds the pictures', () => {
    const html = page({
      moving: { type: 'image/webp', bytes: Uint8Array.of(9) },
      files: ['viewer.html', 'views/a b.png'],
    });
    expect(html).toContain('<a href="./smile/viewer.html">viewer.html</a>');
    expect(html).toContain('href="./smile/views/a%20b.png"');
    expect(html).toContain('src="data:image/webp;base64,CQ=="');
    expect(html).toContain('(prefers-reduced-motion: reduce)" srcset="data:image/png;base64,AQID"');
    expect(html).toContain("default-src 'none'");
  });

  it('shows a video with its still, and nothing where there is no picture', () => {
    expect(page({ moving: { type: 'video/mp4', bytes: Uint8Array.of(9) } })).toMatch(
      /<video src="data:video\/mp4.* poster="data:image/,
    );
    expect(page({ still: null })).not.toMatch(/<img|<video/);
  });

  it('lets no text become markup or an address of its own', () => {
    const text = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'<>"\'&/.\\:?#=a \n\0é漢'), maxLength: 40 }),
      fc.constantFrom(
        '"><script>alert(1)</script>',
        'javascript:alert(1)',
        '//evil.example',
        '../../etc',
        "' onload='x",
      ),
    );
    fc.assert(
      fc.property(text, text, text, (name, caption, file) => {
        const html = page({ name, caption, files: [file] });
        expect(html.match(/<script/gi)).toBeNull();
        // The tags are those of the page without any text: no more and no fewer.
        const tags = (source: string) => source.match(/<[a-z!/][^>]*/gi)!.map((tag) => tag.split(/[\s>]/)[0]);
        expect(tags(html)).toEqual(tags(page({})));
        const href = /<a href="([^"]*)">/.exec(html)![1]!;
        const parts = href.replaceAll('&#39;', "'").split('/');
        expect(parts[0]).toBe('.');
        expect(parts).not.toContain('..');
        expect(parts.join('/')).not.toMatch(/[:?#<>"\\&]/);
      }),
      { numRuns: 100, seed: 2 },
    );
  });
});
