import sharp from 'sharp';
const d=process.argv[2]!; const names=['truth','found','truth-depth','found-depth'];
await sharp({create:{width:1536,height:1024,channels:3,background:'black'}}).composite(names.map((n,i)=>({input:`${d}/${n}.png`,left:0,top:i*256}))).png().toFile(`${d}/all.png`);
