/**
 * The glTF extension KHR_materials_unlit for @gltf-transform/core: the colours of a head are light that already left it,
 * so a viewer must not light them again.
 *
 * Writing only; a viewer without the extension falls back to the lit material.
 */

import { Extension, ExtensionProperty, type IProperty, PropertyType, type WriterContext } from '@gltf-transform/core';

const NAME = 'KHR_materials_unlit';

/** The (empty) extension object on a material. */
export class Unlit extends ExtensionProperty<IProperty> {
  static override EXTENSION_NAME = NAME;
  declare extensionName: typeof NAME;
  declare propertyType: 'Unlit';
  declare parentTypes: [PropertyType.MATERIAL];

  protected init(): void {
    this.extensionName = NAME;
    this.propertyType = 'Unlit';
    this.parentTypes = [PropertyType.MATERIAL];
  }
}

/** Registers the extension on a document: `document.createExtension(UnlitExtension).createUnlit()`. */
export class UnlitExtension extends Extension {
  static override readonly EXTENSION_NAME = NAME;
  override readonly extensionName = NAME;

  /** The object to set on a material. */
  createUnlit(): Unlit {
    return new Unlit(this.document.getGraph());
  }

  /** Nothing to read: this program only writes GLB. */
  override read(): this {
    return this;
  }

  override write(context: WriterContext): this {
    for (const material of this.document.getRoot().listMaterials()) {
      const index = context.materialIndexMap.get(material);
      const written = index === undefined ? undefined : context.jsonDoc.json.materials?.[index];
      if (written && material.getExtension(NAME)) written.extensions = { ...written.extensions, [NAME]: {} };
    }
    return this;
  }
}
