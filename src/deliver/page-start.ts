/**
 * How every page that this project writes begins: what it may load, who made it, that it is synthetic. Not the pages' contents.
 */
import { DIGITAL_SOURCE_TYPE, escapeMarkup } from './marks.js';

/** What differs between pages. */
export type PageStart = {
  /** plain text */
  readonly title: string;
  /** plain text: program and version */
  readonly generator: string;
  /** Content-Security-Policy of the page, written by us */
  readonly policy: string;
  /** style sheet, written by us */
  readonly style: string;
};

/** HTML from the doctype to the end of the head. */
export function pageStart({ title, generator, policy, style }: PageStart): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="generator" content="${escapeMarkup(generator)}">
<meta name="DigitalSourceType" content="${DIGITAL_SOURCE_TYPE}">
<title>${escapeMarkup(title)}</title>
<style>${style}</style>
</head>`;
}
